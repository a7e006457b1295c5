"""Money as said, turned into amounts by code: "fifty K", "medio millón", "mid five figures"."""

from extractors.money.mentions import Kind, MoneyMention, find_money, may_hold_money

__all__ = ["Kind", "MoneyMention", "find_money", "may_hold_money"]
