"""The session's rules, by who acts: the clerk's side, the person, the keys, the technician, time and disk."""
