"""Objections to being recorded: for which calls there is still something to be done."""
