// error: mismatch<.*at_layer<1>, .*conv2d<-1, .*receives<.*shape<28, 28, 1> ?>, .*filters_are_a_whole_number_of_at_least_1
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<28, 28, 1>, conv2d<-1, window<3>>>;
#else
using net = network<input<28, 28, 1>, conv2d<1, window<3>>>;
#endif
