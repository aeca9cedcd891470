"""Drawing of the fictitious documents, photos and screenshots of the rehearsal's sample day."""
