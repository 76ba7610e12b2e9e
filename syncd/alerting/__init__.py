"""Bad ratings told at once to the hall's manager (art. 16), beside the delivery and never in its way."""
