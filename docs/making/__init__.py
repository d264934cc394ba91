"""What docs/rebuild.py makes tables and pictures with."""
