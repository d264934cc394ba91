"""What can be set, what it may be, which runs are the same, and the objects that a configuration describes.

It imports numpygpt alone; every other room of experiments/ but cli/ comes in.
"""
