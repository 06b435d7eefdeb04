"""A law on the terminal: what it says, how it is derived, what was found."""

from typing import TYPE_CHECKING

from attnlaws.console import colored, console

if TYPE_CHECKING:
    from attnlaws.simulations.verdict import Verdict
    from attnlaws.theory.law import Law
    from attnlaws.theory.prove import Proof

SEEN = {
    "text": "the paper's own text was read",
    "secondary": "known from secondary sources",
    "reconstructed": "reconstructed",
}
ROLE = {"simulation": "; only to simulate", "instance": "; drawn where it is simulated"}
STATUS = {"symbolic": "green", "checked": "cyan", "cited": "yellow", "algorithm": "cyan"}


def show_law(law: "Law", verdict: "Verdict | None") -> None:
    """Statement, formula, parameters, source and last verdict."""
    from attnlaws.simulations.verdict import percent

    out = console()
    out.print(f"[bold]{law.id}[/]: {law.statement}")
    for paragraph in str(law.doc).strip().split("\n\n")[1:]:
        out.print("\n" + " ".join(paragraph.split()), markup=False)
    out.print("\n[bold]formula[/]")
    for case in law.derivations:
        out.print(f"  {case.label + ':' if case.label else ''} {case.form}".rstrip(), soft_wrap=True)
    out.print("\n[bold]parameters[/]")
    for parameter in law.parameters:
        unit = f" [{parameter.unit}]" if parameter.unit else ""
        use = ROLE.get(parameter.role, "")
        out.print(f"  {parameter.name}: {parameter.meaning}{unit}, {parameter.domain.describe()}{use}", markup=False)
    out.print(f"\n[bold]source[/]  {law.source.paper}, {law.source.place} ({SEEN[law.source.seen]})")
    if law.source.note:
        out.print(f"  {law.source.note}")
    if law.regime:
        out.print(f"[bold]regime[/]  {law.regime}")
    wrong = ", ".join(law.sabotages) or "nothing"
    out.print(f"[bold]judged[/]  tolerance {percent(law.delta)}; wrong on purpose: {wrong}")
    last = (
        f"{colored(verdict.outcome)} (expected {verdict.expected}; {verdict.profile} profile), "
        f"derivation {verdict.badge}"
        if verdict
        else f"none yet: `attnlaws verify {law.id}`"
    )
    out.print(f"[bold]last verdict[/]  {last}")
    if law.replaced_by:
        out.print(f"[bold]replaced by[/]  {law.replaced_by}")


def show_derivation(law: "Law", proof: "Proof", latex: bool) -> None:
    """Every step of every case, with what the check of it found."""
    import sympy

    from attnlaws.theory.prove import chains

    out = console()
    out.print(f"[bold]{law.id}[/]: {law.statement}")
    results = iter(proof.results)
    for label, derivation in chains(law):
        out.print(f"\n[bold]{label or 'derivation'}[/]")
        for step in derivation.steps:
            result = next(results)
            out.print(f"  [bold]{type(step).__name__}[/]  [{STATUS.get(result.status, 'white')}]{result.status}[/]")
            out.print(f"    {sympy.latex(step.expr) if latex else step.expr}", soft_wrap=True, markup=False)
            out.print(f"    {step.reason}", style="dim", markup=False)
            if result.detail:
                out.print(f"    {result.detail}", markup=False)
    out.print(f"\nbadge: [bold]{proof.badge}[/] (the weakest step)")
