// error: there_is_a_label_for_each_output
#include <lamina/image_model.hpp>

using namespace lamina;

using net = network<input<28, 28, 1>, flatten, dense<3>, softmax>;
using photographs = preprocessing<grey, resize_to<28>>;
#ifdef EXPECT_ERROR
using model = image_model<net, letters<"ab">, photographs>;
#else
using model = image_model<net, letters<"abc">, photographs>;
#endif
