"""FHIR R4: questionnaires and answers out and in. What maps to what is in docs/fhir.md."""
