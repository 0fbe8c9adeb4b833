// error: mismatch<.*at_layer<2>, .*layer<.*softmax>, .*receives<.*shape<4> ?>, .*softmax_comes_last
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<8>, dense<4>, softmax, dense<2>>;
#else
using net = network<input<8>, dense<4>, dense<2>, softmax>;
#endif
