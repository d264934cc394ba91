"""Where the packages are; all else that setuptools has to know stands in pyproject.toml.

conf/ lies at the root of the repository, where who reads and changes it finds it. A wheel brings it inside
experiments/, so that no folder called conf lands beside everybody's packages. pyproject.toml can say one or the
other: where packages are found, or that one of them lies elsewhere.
"""

from setuptools import find_namespace_packages, setup

FOUND = find_namespace_packages(include=["numpygpt*", "experiments*", "analysis*", "hydra_plugins*"])
CONF = [f"experiments.{name}" for name in find_namespace_packages(include=["conf*"])]

setup(packages=[*FOUND, *CONF], package_dir={"experiments.conf": "conf"})
