"""A caseload out of a spreadsheet, read and checked as a whole before anything comes in.

Bytes become a table (`file`), a heading becomes columns (`columns`), rows become clients (`rows`) or past
totals (`past`), and what cannot be taken becomes a fault with its row and column. No database here.
"""
