// error: mismatch<.*at_layer<2>, .*layer<.*max_pool<2> ?>, .*receives<.*shape<1, 1, 2> ?>, .*the_window_fits_in_the_image
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<3, 3, 2>, max_pool<2>, max_pool<2>>;
#else
using net = network<input<3, 3, 2>, max_pool<2>, max_pool<2, same>>;
#endif
