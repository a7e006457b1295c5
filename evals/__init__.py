"""Precision and recall, measured; and the gate that every change of a prompt passes."""
