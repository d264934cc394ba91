"""What can be set: the schema, what is refused, which runs are the same, and the objects that a setting makes.

schema      every setting, once: type, limits, meaning, who reads it     typed       what is typed, quoted for Hydra
validation  values that no run could use                                 messages    Hydra's refusals in a sentence
identity    which settings make a run the run that it is                 build       objects that a setting makes

It imports numpygpt alone. Come here to add a setting (schema.py, a line in conf/) or a choice (conf/, build.py).
"""
