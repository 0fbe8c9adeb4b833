// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>

#include "lamina/kernels/dense_product.hpp"
#include "lamina/kernels/layout.hpp"
#include "lamina/kernels/sparse.hpp"

namespace lamina::kernels {

/// Outputs, or inputs of the input's gradient, of which a sparse product leaves no multiple to the
/// dense one.
template <class Arch, class T>
inline constexpr int dense_slice = detail::few_strips<Arch, T>* lanes;

namespace detail {

/// A product with a batch whose values are mostly zero, up to four blocks of it: each image goes
/// through its own terms, the outputs in the lanes. Weights are brought into rows that stay in the
/// first cache while the images pass.
template <class Arch, class T>
class sparse_blocks {
 public:
  static constexpr int most_blocks = 4, most_terms = 1024;

  sparse_blocks(const dense_product<T>& product, range blocks)
      : product_{product},
        blocks_{blocks},
        images_{(blocks.last - blocks.first) * lanes},
        rows_at_once_{images_ <= few_images ? terms_at_once / 2 : terms_at_once} {}

  /// The outputs that fill slices, from the first one on; returns where the others begin.
  int run(range outputs, const dense_ending<T>& end) {
    int done = 0;
    for (int k = 0; k < product_.terms; k += most_terms) {
      const range terms{k, std::min(k + most_terms, product_.terms)};
      find_terms(terms);
      done = for_each_slice<most, few>((outputs.last - outputs.first) / lanes,
                                       [&](auto strips, int strip) {
                                         const int first = outputs.first + strip * lanes;
                                         const range some{first, first + strips * lanes};
                                         begin_sums(some, terms);
                                         add_images<strips>(some, terms);
                                         finish_sums(some);
                                         end.after(terms, product_, blocks_, some);
                                       });
    }
    return outputs.first + done * lanes;
  }

 private:
  static constexpr int few = few_strips<Arch, T>;
  static constexpr int most = cached_strips<Arch, T>;
  static constexpr int wide = most * lanes;
  // Few images do not use what they bring into the first cache as often; with AVX-512 half of it
  // stays there.
  static constexpr int few_images = has_avx512<Arch> ? 2 * lanes : 0;

  const T* x(int image, int term) const {
    return product_.x.block(blocks_.first + image / lanes) + std::ptrdiff_t{term} * lanes;
  }
  T* y(int image, range outputs) const {
    return product_.y.block(blocks_.first + image / lanes) + std::ptrdiff_t{outputs.first} * lanes;
  }

  void find_terms(range terms) {
    for (int k = terms.first; k < terms.last; k += terms_at_once)
      for (int image = 0; image < images_; image += lanes)
        find_nonzero<Arch>(x(image, k), std::min(terms_at_once, terms.last - k),
                           terms_[(k - terms.first) / terms_at_once] + image);
  }

  /// From the biases, or the sums of the terms before.
  void begin_sums(range outputs, range terms) {
    const int count = outputs.last - outputs.first;
    if (terms.first > 0) {
      for (int image = 0; image < images_; image += lanes)
        transpose<Arch>(y(image, outputs), lanes, {count, lanes}, sums_[image], wide);
    } else if (product_.bias == nullptr) {
      for (int image = 0; image < images_; ++image) clear<Arch>(sums_[image], count);
    } else {
      for (int image = 0; image < images_; ++image)
        for_each_register<Arch, T>(
            count, [&](std::ptrdiff_t i) __attribute__((always_inline)) {
              put<Arch>(sums_[image] + i, load_unaligned<Arch>(product_.bias + outputs.first + i));
            });
    }
  }

  template <int Strips>
  void add_images(range outputs, range terms) {
    const term_bits of_rows = ~term_bits{0} >> (terms_at_once - rows_at_once_);
    for (int image = 0; image < images_; ++image) ask_for_rows(outputs, terms.first, image);
    for (int k = terms.first; k < terms.last; k += rows_at_once_) {
      bring_rows(outputs, {k, std::min(k + rows_at_once_, terms.last)});
      const int term = k - terms.first;
      const term_bits* bits_of_images = terms_[term / terms_at_once];
      const int next = k + rows_at_once_ < terms.last ? k + rows_at_once_ : k;
      for (int image = 0; image < images_; ++image) {
        ask_for_rows(outputs, next, image);
        const term_bits bits = bits_of_images[image] >> term % terms_at_once & of_rows;
        if (bits == 0) continue;
        const features_and_rows<T> all{x(image, k) + image % lanes, rows_[0], wide};
        add_terms<Arch, Strips>(all, bits, sums_[image], sums_[image]);
      }
    }
  }

  /// The weights of some terms as rows of outputs.
  void bring_rows(range outputs, range terms) {
    const int count = outputs.last - outputs.first;
    const T* from = product_.weights_of(outputs.first, terms.first).at;
    if (product_.by_term == 1) {
      transpose<Arch>(from, product_.by_output, {count, terms.last - terms.first}, rows_[0], wide);
    } else {
      for (int k = 0; k < terms.last - terms.first; ++k, from += product_.by_term)
        for_each_register<Arch, T>(
            count, [&](std::ptrdiff_t i) __attribute__((always_inline)) {
              put<Arch>(rows_[k] + i, load_unaligned<Arch>(from + i));
            });
    }
  }

  /// Asks for the weights of the terms from one on, a part of them for each image.
  void ask_for_rows(range outputs, int term, int image) const {
    constexpr int line = 64 / static_cast<int>(sizeof(T));
    const int count = outputs.last - outputs.first;
    const bool as_rows = product_.by_term != 1;
    const int rows = as_rows ? rows_at_once_ : count, length = as_rows ? count : rows_at_once_;
    const std::ptrdiff_t row = as_rows ? product_.by_term : product_.by_output;
    const T* from = product_.weights_of(outputs.first, term).at;
    for (int i = image; i < rows; i += images_)
      for (int k = 0; k < length; k += line) __builtin_prefetch(from + i * row + k);
  }

  void finish_sums(range outputs) {
    for (int image = 0; image < images_; image += lanes)
      transpose<Arch>(sums_[image], wide, {lanes, outputs.last - outputs.first}, y(image, outputs),
                      lanes);
  }

  const dense_product<T>& product_;
  range blocks_;
  int images_, rows_at_once_;
  alignas(64) T sums_[most_blocks * lanes][wide];  // (image, output)
  alignas(64) T rows_[terms_at_once][wide];        // (term, output)
  term_bits terms_[most_terms / terms_at_once][most_blocks * lanes];
};

/// The given outputs of the given blocks; those that fill no slice as if nothing were zero.
template <class Arch, class T>
[[gnu::noinline]] void dense_blocks_sparse(const dense_product<T>& p, range blocks, range outputs,
                                           dense_ending<T> end) {
  int rest = outputs.last;
  for (int b = blocks.first; b < blocks.last; b += sparse_blocks<Arch, T>::most_blocks) {
    const range some{b, std::min(blocks.last, b + sparse_blocks<Arch, T>::most_blocks)};
    rest = sparse_blocks<Arch, T>(p, some).run(outputs, end);
  }
  if (rest < outputs.last) dense_blocks<Arch, T>(p, blocks, {rest, outputs.last}, end);
}

/// Sixteenths of the values that go into several blocks which may differ from zero: with AVX-512,
/// where dense products are faster, fewer of them, and fewer still where rows of weights have to be
/// turned round.
template <class Arch>
constexpr int dense_sixteenths(bool by_rows) {
  return !has_avx512<Arch> ? 9 : by_rows ? 4 : 6;
}

/// Whether few enough of the values that go in are not zero, and a slice of outputs is wanted.
template <class Arch, class T>
bool goes_sparse(const dense_product<T>& p, range blocks, range outputs) {
  return outputs.last - outputs.first >= dense_slice<Arch, T> &&
         is_sparse<Arch>(p.x, blocks, p.terms, dense_sixteenths<Arch>(p.by_term == 1));
}

}  // namespace detail

}  // namespace lamina::kernels
