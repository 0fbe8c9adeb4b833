// error: mismatch<.*at_layer<1>, .*layer<.*conv2d<8, .*same> ?>, .*receives<.*shape<28, 28, 1> ?>, .*conv2d_needs_a_window
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<28, 28, 1>, conv2d<8, same>>;
#else
using net = network<input<28, 28, 1>, conv2d<8, same, window<3>>>;
#endif
