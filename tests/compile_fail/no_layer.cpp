// error: mismatch<.*at_layer<2>, .*layer<int>, .*receives<.*shape<4> ?>, .*every_element_is_a_layer
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<8>, dense<4>, int, dense<2>>;
#else
using net = network<input<8>, dense<4>, relu, dense<2>>;
#endif
