"""Training of the embedded model: text written for this project, and the script that reads it."""
