// error: mismatch<.*at_layer<2>, .*layer<.*conv2d<8, .*window<3, 3> ?> ?>, .*receives<.*shape<2, 2, 8> ?>, .*the_window_fits_in_the_image
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net =
    network<input<4, 4, 1>, conv2d<8, window<3>>, conv2d<8, window<3>>, flatten, dense<2>, softmax>;
#else
using net =
    network<input<4, 4, 1>, conv2d<8, window<3>>, conv2d<8, window<2>>, flatten, dense<2>, softmax>;
#endif
