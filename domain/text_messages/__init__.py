"""A text message (SMS, MMS or the like): its parties and its delivery. Never what it says."""
