"""The public screening pages: start, questions, help, the result, and sending it to the clinician."""
