"""The HTTP service and its page: to come. This room is here so that its place in the house is known."""
