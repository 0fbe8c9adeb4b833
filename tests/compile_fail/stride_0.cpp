// error: mismatch<.*at_layer<1>, .*stride<0, 0> ?> ?>, .*receives<.*shape<28, 28, 1> ?>, .*the_stride_is_at_least_1
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<28, 28, 1>, conv2d<8, window<3>, stride<0>>>;
#else
using net = network<input<28, 28, 1>, conv2d<8, window<3>, stride<1>>>;
#endif
