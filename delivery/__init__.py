"""The service: from "a clinician asks" to the stored answers and back to the clinician."""
