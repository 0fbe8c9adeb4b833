// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include <lamina/augment/policy.hpp>
#include <lamina/network.hpp>
#include <lamina/preprocess/policy.hpp>

namespace lamina {

/// Text as a template argument.
template <std::size_t Size>
struct fixed_text {
  char text[Size] = {};

  constexpr fixed_text(const char (&from)[Size]) { std::copy_n(from, Size, text); }
  constexpr operator std::string_view() const { return {text, Size - 1}; }
};

/// The names of a network's classes, in the order of its outputs.
template <fixed_text... Names>
struct labels {
  static constexpr std::size_t count = sizeof...(Names);
  static constexpr std::array<std::string_view, count> names = {std::string_view(Names)...};
};

/// Names of one letter each: `letters<"abc">`.
template <fixed_text Alphabet>
struct letters {
  static constexpr std::size_t count = std::string_view(Alphabet).size();
  static constexpr std::array<std::string_view, count> names = [] {
    std::array<std::string_view, count> all;
    for (std::size_t i = 0; i < count; ++i) all[i] = std::string_view(Alphabet.text + i, 1);
    return all;
  }();
};

template <class Net, class Labels>
concept there_is_a_label_for_each_output = Labels::count ==
                                           static_cast<std::size_t>(Net::output_shape::size);

template <class Net, class Preprocessing>
concept preprocessing_makes_the_input_of_the_network =
    std::same_as<typename Net::input_shape,
                 shape<Preprocessing::plan.height(), Preprocessing::plan.width(), 1>>;

/// A network with all that its answers depend on: the names of its classes, how a picture becomes
/// its input, and what happens to pictures in training.
template <a_network Net, class Labels, class Preprocessing, class Augmentation = augmentation<>>
requires there_is_a_label_for_each_output<Net, Labels> &&
    preprocessing_makes_the_input_of_the_network<Net, Preprocessing>
struct image_model {
  using network = Net;
  using labels = Labels;
  using preprocessing = Preprocessing;
  using augmentation = Augmentation;
};

template <class Type>
inline constexpr bool is_image_model = false;

template <class Net, class Labels, class Preprocessing, class Augmentation>
inline constexpr bool is_image_model<image_model<Net, Labels, Preprocessing, Augmentation>> = true;

template <class Type>
concept an_image_model = is_image_model<Type>;

}  // namespace lamina
