"""The claims: one law per file, in SymPy; knows nothing of simulation."""

if not __name__.startswith("attnlaws."):
    raise ImportError(
        f"{__name__!r} is a link to attnlaws.theory; import it as attnlaws.theory, or every class would exist twice"
    )
