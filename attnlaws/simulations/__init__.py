"""The experiments: one per law, and the engine that runs them."""

if not __name__.startswith("attnlaws."):
    raise ImportError(
        f"{__name__!r} is a link to attnlaws.simulations; import it as attnlaws.simulations, "
        "or every class would exist twice"
    )
