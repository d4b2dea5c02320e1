"""How things look in either front end. Pure values and functions; front ends add colours and layout."""
