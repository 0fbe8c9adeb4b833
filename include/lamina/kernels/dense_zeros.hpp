// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "lamina/kernels/dense.hpp"
#include "lamina/kernels/zeros.hpp"

/// The product of a dense layer with images that are zero in places, as the black around a digit:
/// a term that is zero in all lanes of a block adds nothing to its sums.
namespace lamina::kernels {

namespace detail {

/// The first of `count` rising numbers that is not below `least`, or their end.
[[gnu::always_inline]] inline const std::uint16_t* first_from(const std::uint16_t* list, int count,
                                                              int least) {
  while (count > 0) {
    const int half = count / 2;
    if (list[half] < least)
      list += half + 1, count -= half + 1;
    else
      count = half;
  }
  return list;
}

/// Those of a block's terms that are not zero and lie in the range.
[[gnu::always_inline]] inline listed_terms nonzero_terms(const nonzero_places& of_x, int block,
                                                         range terms) {
  const std::uint16_t* list = of_x.list(block);
  const int count = of_x.count(block);
  const std::uint16_t* first = first_from(list, count, terms.first);
  const std::uint16_t* last = first_from(list, count, terms.last);
  return {first, static_cast<int>(last - first), terms.first > 0};
}

/// The given outputs of the given blocks, a block after the other; beyond that, the order of the
/// loops is that of `dense_blocks`.
template <class Arch, class T>
[[gnu::noinline]] void dense_blocks_of_data(const dense_product<T>& p, const nonzero_places& of_x,
                                            range blocks, range outputs, dense_ending<T> end) {
  constexpr int o = tile<Arch, T>::template dense_outputs<1>;
  const auto use = [&](range some, range terms) __attribute__((always_inline)) {
    for (int b = blocks.first; b < blocks.last; ++b) {
      const listed_terms listed = nonzero_terms(of_x, b, terms);
      if (some.last - some.first < o || listed.count == 0) {
        dense_all_groups<Arch, 1>(p, p.weights_of(some.first, terms.first), {b, b + 1}, some, terms,
                                  end);
      } else {
        dense_tile<Arch, o, 1>(p, p.weights_of(some.first, 0), some.first, b, listed);
        end.after(terms, p, {b, b + 1}, some);
      }
    }
  };
  for_each_piece(p, dense_terms<T>, outputs, o, use);
}

}  // namespace detail

/// As `dense_forward`, where it is known what is not zero in x: of a block, terms that are zero in
/// all lanes are left out where they are an eighth or more. The same sums; but a weight that is not
/// finite, times zero, is not seen.
template <class Arch = native, class T, class Activation>
void dense_forward(dense_extents e,
                   const T* weights,            // (out, in)
                   const T* bias,               // (out)
                   reading<T> x, blocked<T> y,  // (block, in, lane), (block, out, lane)
                   range blocks, range outputs, Activation activation, const nonzero_places& of_x) {
  const detail::activated<Activation> how{activation};
  const auto ending = detail::ending_of<Arch, T>(how);
  const detail::dense_product<T> product{weights, e.in, 1, bias, x, y, e.in};
  for (range some = blocks; some.first < blocks.last; some.first = some.last) {
    const bool zeros = of_x.has_many_zeros(some.first, e.in);
    some.last = some.first + 1;
    while (some.last < blocks.last && of_x.has_many_zeros(some.last, e.in) == zeros) ++some.last;
    if (zeros)
      detail::dense_blocks_of_data<Arch, T>(product, of_x, some, outputs, ending);
    else
      detail::dense_blocks<Arch, T>(product, some, outputs, ending);
  }
}

}  // namespace lamina::kernels
