"""A questionnaire that a member is building: what was typed, what is open, and the file it becomes."""
