#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The checker refuses what it has to refuse."""
from check import complaints, counted, expectations

user = "user.cpp"
gcc = """In file included from /x/include/lamina/network.hpp:3,
                 from user.cpp:2:
user.cpp:5:20: error: template constraint failure for 'network<...>'
    5 | using net = network<dense<0>>;
      |                    ^
user.cpp:5:20: note: constraints not satisfied
/x/include/lamina/network.hpp: In substitution of 'template<...>':
/x/include/lamina/network.hpp:9:9:   required by the constraints
/x/include/lamina/network.hpp:7:3: note: mismatch<at_layer<1>, layer<dense<0>>>
    7 |   requires ok<T>
      |   ^~~~~~~~~~~~~~
"""


def said(text, patterns=("mismatch",), cascade=False):
    return list(complaints(text, user, list(patterns), cascade))


assert expectations("// error: a b\n// error: c\n// cascade\n#include <x>\n// error: d\n") == (
    ["a b", "c"], True)
assert len(counted(gcc.splitlines(), user)) == 7
assert said(gcc) == []
assert said("user.cpp:5:20: warning: mismatch\n") == ["there is no error: line"]
assert said(gcc, ["mismatch<at_layer<2>"]) == ["nothing matches 'mismatch<at_layer<2>'"]
assert said(gcc, ["requires ok"]) == ["nothing matches 'requires ok'"], "an echo is no message"
second = gcc + "user.cpp:9:1: error: 'net' was not declared\n"
assert said(second) == ["2 errors instead of one"]
assert said(second, ["mismatch"], True) == []
assert said(second, ["not declared"], True) == ["nothing matches 'not declared'"]
assert said(gcc + "/x/y.hpp:1:1: note: more\n" * 5) == ["12 lines instead of at most 11"]
assert said(gcc.replace("user.cpp:5:20: error", "/x/y.hpp:5:20: error")) == [
    "the error does not stand at the user's own line"]
