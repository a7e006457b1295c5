"""Data vendors that know who the buyer is: People Data Labs."""
