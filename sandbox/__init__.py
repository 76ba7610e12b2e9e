"""A city platform and a clerk's counter to practise on; imported by nobody."""
