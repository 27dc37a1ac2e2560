"""What the parties of a test's call are told or asked."""

from hashlib import sha256
from typing import Final

from domain.workspaces.words import Prompt

QUESTION: Final = "May we record this call? Press 1 to agree, or stay on the line."


def prompt(name: str = "recorded_call", text: str = QUESTION, language: str = "en-GB") -> Prompt:
    """What is said."""
    digest = sha256(text.encode()).hexdigest()
    return Prompt(prompt_id=name, version=3, language=language, text_sha256=digest, text=text)
