"""The renderer of cost cards, imported where it is used."""

from virtslo.model.cost.card import CostCard


def cost_card_text(card: CostCard, form: str) -> str:
    """A cost card in a format."""
    from virtslo.report.cost_card import render_cost_card

    return render_cost_card(card, form)
