"""The pictures: one default overlay serves every law."""

if not __name__.startswith("attnlaws."):
    raise ImportError(
        f"{__name__!r} is a link to attnlaws.figures; import it as attnlaws.figures, or every class would exist twice"
    )
