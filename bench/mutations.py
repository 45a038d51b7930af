"""Small mistakes in Python source, one at a time: another operator, another constant, the other branch.

Left alone is what the tests can not or need not see: annotations, decorators, texts, `strict=` of zip.
"""

from __future__ import annotations

import ast
from typing import NamedTuple

_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
_CALLS = {"any": "all", "all": "any", "min": "max", "max": "min"}


class Change(NamedTuple):
    """The number of a change in its module, its line, and what it does."""

    number: int
    line: int
    what: str


def changes(source: str) -> list[Change]:
    """Every change that can be made to a module."""
    mutator = _Mutator(None)
    mutator.visit(ast.parse(source))
    return mutator.found


def mutated(source: str, number: int) -> str:
    """The source with one change made."""
    tree = _Mutator(number).visit(ast.parse(source))
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


class _Mutator(ast.NodeTransformer):
    """Counts the places for a change; at the one that is wanted, makes it."""

    def __init__(self, wanted: int | None) -> None:
        self._wanted = wanted
        self.found: list[Change] = []

    def _here(self, node: ast.expr, what: str) -> bool:
        self.found.append(Change(len(self.found), node.lineno, f"{ast.unparse(node)}: {what}"))
        return len(self.found) - 1 == self._wanted

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.args.defaults = [self.visit(one) for one in node.args.defaults]
        node.args.kw_defaults = [one and self.visit(one) for one in node.args.kw_defaults]
        node.body = [self.visit(one) for one in node.body]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [self.visit(one) for one in node.body]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.value = node.value and self.visit(node.value)
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        return node if node.arg == "strict" else self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        for place, operator in enumerate(node.ops):
            other = _OTHER[type(operator)]
            if self._here(node, other.__name__):
                node.ops[place] = other()  # type: ignore[call-overload]
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        other = _OTHER[type(node.op)]
        if self._here(node, other.__name__):
            node.op = other()  # type: ignore[assignment]
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        other = _OTHER.get(type(node.op))
        if other and self._here(node, other.__name__):
            node.op = other()  # type: ignore[assignment]
        return self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        gone = self._here(node, "without the sign or not")
        self.generic_visit(node)
        return node.operand if gone else node

    def visit_If(self, node: ast.If) -> ast.AST:
        if self._here(node.test, "the other branch"):
            node.test = ast.UnaryOp(ast.Not(), node.test)
            return node
        return self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        if self._here(node.test, "the other branch"):
            node.body, node.orelse = node.orelse, node.body
            return node
        return self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        for place, test in enumerate(list(node.ifs)):
            if self._here(test, "the others"):
                node.ifs[place] = ast.UnaryOp(ast.Not(), test)
                return node
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in _CALLS:
            other = _CALLS[node.func.id]
            if self._here(node, other):
                node.func = ast.Name(other, ast.Load())
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        value = node.value
        if isinstance(value, bool):
            return ast.Constant(not value) if self._here(node, str(not value)) else node
        if isinstance(value, int | float) and self._here(node, str(value + 1)):
            return ast.Constant(value + 1)
        return node
