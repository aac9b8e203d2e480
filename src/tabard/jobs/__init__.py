"""Background work: which jobs follow from which event, and the tasks that run them."""
