"""A report as files and on the terminal, put together from all other rooms. Other packages call `write_report`.

Imports page, figures, tables, inference and records.
"""

from analysis.reports.files import Report, write_report
