"""What a questionnaire is and means: its shape, its files, answers to it, and the scores they give.

Pure Python. Nothing here knows of the web, the database or the network.
"""
