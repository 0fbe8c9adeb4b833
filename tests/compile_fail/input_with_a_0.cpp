// error: mismatch<.*at_layer<0>, .*layer<.*input<28, 0, 1> ?>, .*receives<.*nothing>, .*input_extents_are_at_least_1
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<28, 0, 1>, flatten, dense<2>>;
#else
using net = network<input<28, 28, 1>, flatten, dense<2>>;
#endif
