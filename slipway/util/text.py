"""Numbers with their nouns, as messages say them. Pure."""


def counted(number: int, noun: str) -> str:
    """`1 chart`, `2 charts`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def being(number: int) -> str:
    """`is` for one, `are` otherwise."""
    return "is" if number == 1 else "are"
