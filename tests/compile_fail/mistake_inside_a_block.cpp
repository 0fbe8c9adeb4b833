// error: mismatch<.*at_layer<2, 2, 2>, .*layer<.*conv2d<2, .*receives<.*shape<4, 4, 2> ?>, .*the_window_fits_in_the_image
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<8, 8, 1>, relu, sequence<relu, repeat<2, conv2d<2, window<5>>>>>;
#else
using net = network<input<8, 8, 1>, relu, sequence<relu, repeat<2, conv2d<2, window<3>>>>>;
#endif
