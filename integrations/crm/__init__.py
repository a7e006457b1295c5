"""What all CRM gateways do alike: find the deal of a call, merge, write once, remember."""

from integrations.crm.ae_words import AeFields
from integrations.crm.gateway import CrmGateway
from integrations.crm.records import DealRecords, NoteItem, Slot, Update, slots_from

__all__ = ["AeFields", "CrmGateway", "DealRecords", "NoteItem", "Slot", "Update", "slots_from"]
