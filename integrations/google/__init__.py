"""Google Forms and Calendar: meetings booked by a form."""
