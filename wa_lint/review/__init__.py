"""The Well-Architected review, pre-filled by a report and by what people answered."""
