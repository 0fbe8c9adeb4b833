// SPDX-License-Identifier: BSL-1.0
#include <lamina/serialize/architecture.hpp>
//
#include <doctest/doctest.h>

#include <string>

namespace {

using lamina::architecture;
using lamina::difference;

const architecture mlp{{"0", "input<28, 28, 1>", "28, 28, 1", 0, 0}, {"1", "flatten", "784", 0, 0},
                       {"2", "dense<512>", "512", 401'920, 401'408}, {"3", "relu", "512", 0, 0},
                       {"4", "dense<10>", "10", 5'130, 5'120},       {"5", "softmax", "10", 0, 0}};

}  // namespace

TEST_CASE("an architecture survives being text") {
  CHECK(lamina::architecture_from_text(to_text(mlp), "f") == mlp);
  CHECK(lamina::architecture_from_text("", "f").empty());
  CHECK(to_text(mlp).starts_with("0\tinput<28, 28, 1>\t28, 28, 1\t0\t0\n1\tflatten\t784\t0\t0\n"));
  for (const char* text :
       {"\n", "0", "0\ta\tb\t1", "0\ta\tb\t1\t", "0\ta\tb\tx\t1", "0\ta\tb\t1\t1\t1",
        "0\ta\tb\t-1\t1", "0\ta\tb\t99999999999999999999\t1"})
    CHECK_THROWS_AS(lamina::architecture_from_text(text, "f"), lamina::error);
}

TEST_CASE("equal networks do not differ") {
  CHECK(difference(mlp, mlp).empty());
  CHECK(difference({}, {}).empty());
}

TEST_CASE("a changed layer is one line of each network") {
  architecture other = mlp;
  other[3] = {"3", "sigmoid", "512", 0, 0};
  CHECK(difference(mlp, other) ==
        "= 3 layers\n- layer 3 relu -> 512\n+ layer 3 sigmoid -> 512\n= 2 layers\n");
}

TEST_CASE("a layer that is put in does not make the ones after it differ") {
  architecture other = mlp;
  other[4] = {"4", "dropout<0.2>", "512", 0, 0};
  other[5] = {"5", "dense<10>", "10", 5'130, 5'120};
  other.push_back({"6", "softmax", "10", 0, 0});
  CHECK(difference(mlp, other) == "= 4 layers\n+ layer 4 dropout<0.2> -> 512\n= 2 layers\n");
  CHECK(difference(other, mlp) == "= 4 layers\n- layer 4 dropout<0.2> -> 512\n= 2 layers\n");
  CHECK(difference({}, {mlp[1]}) == "+ layer 1 flatten -> 784\n");
}

TEST_CASE("parameters are named where they are the difference") {
  architecture other = mlp;
  other[2].parameters = 205'312;
  CHECK(difference(mlp, other) ==
        "= 2 layers\n- layer 2 dense<512> -> 512, 401920 parameters\n"
        "+ layer 2 dense<512> -> 512, 205312 parameters\n= 3 layers\n");
}

TEST_CASE("positions are named where nothing else is the difference") {
  architecture other = mlp;
  other[4] = {"4.1", "dense<10>", "10", 5'130, 5'120};
  CHECK(difference(mlp, other) ==
        "= 4 layers\n- layer 4 dense<10> -> 10, 5130 parameters\n+ layer 4.1 dense<10> -> 10, 5130 "
        "parameters\n= 1 layer\n");
}
