// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/dense_weights.hpp>
//
#include <lamina/kernels/layout.hpp>

#include "kernels/naive.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

template <class T>
void check(int in, int out, int count) {
  CAPTURE(in);
  CAPTURE(out);
  CAPTURE(count);
  const kernels::dense_extents e{in, out};
  const images<T> x(count, in, 1, 1, 1);
  images<T> dy(count, out, 1, 1, 2), xt(count, (in + 15) / 16 * 16, 1, 1);
  dy.clear_dead_lanes();
  for (int b = 0; b < x.blocks; ++b)
    kernels::transpose_block(in, x.view().block(b), xt.view().block(b));
  array<T> dw(in * out), db(out);
  kernels::dense_backward_weights(e, dy.view(), xt.view(), x.blocks, dw.data(), db.data(),
                                  {0, out});
  int wrong = 0;
  for (int o = 0; o < out; ++o) {
    expected_sum bias;
    for (int image = 0; image < count; ++image) bias.add(static_cast<double>(dy.at(image, o)));
    wrong += !bias.matches(db[o]);
    for (int i = 0; i < in; ++i) {
      expected_sum sum;
      for (int image = 0; image < count; ++image)
        sum.add(static_cast<double>(dy.at(image, o)) * static_cast<double>(x.at(image, i)));
      wrong += !sum.matches(dw[o * in + i]);
    }
  }
  CHECK(wrong == 0);
  array<T> pieces = numbers<T>(in * out, 3), pieces_of_bias = numbers<T>(out, 4);
  for (int o = 0; o < out; o += 5)
    kernels::dense_backward_weights(e, dy.view(), xt.view(), x.blocks, pieces.data(),
                                    pieces_of_bias.data(), {o, std::min(o + 5, out)});
  CHECK(dw == pieces);
  CHECK(db == pieces_of_bias);
}

TEST_CASE_TEMPLATE("gradients of dense weights match a naive loop, whole or in pieces", T, float,
                   double) {
  for (const int count : {1, 16, 33}) {
    check<T>(1, 1, count);
    check<T>(3, 17, count);
    check<T>(17, 3, count);
    check<T>(53, 61, count);
  }
  check<T>(784, 10, 17);
}

}  // namespace
